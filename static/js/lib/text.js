// The same as chat/web/markup.py does on the server; tests/cases/links.json holds both to it.
const ADDRESS = /(?<![\p{L}\p{N}_])[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s<>"\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
const LONGEST_ADDRESS = 2000;
const MOST_LINKS = 100;
const ENDS_A_SENTENCE = ".,;:!?'*_~…";
const CLOSED_BY = { "(": ")", "[": "]", "{": "}" };

/** How many characters a text has, as the server counts them. */
export const length = (text) => [...text].length;

/** The text in pieces `{text, href?}`; those with an `href` are addresses to link. */
export function parts(text) {
  const found = [];
  let done = 0;
  let links = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = bare(match[0]);
    if (address.length <= "https://".length || length(address) > LONGEST_ADDRESS) continue;
    if ((links += 1) > MOST_LINKS) break;
    if (match.index > done) found.push({ text: text.slice(done, match.index) });
    found.push({ text: address, href: address });
    done = match.index + address.length;
  }
  if (done < text.length) found.push({ text: text.slice(done) });
  return found;
}

/**
 * The text as nodes: addresses as links that tell nobody where they were found, everything else inert. A link is read from left to
 * right whatever stands around it, so that it shows where it leads.
 */
export function linked(text) {
  return parts(text).map((part) => {
    if (!part.href) return document.createTextNode(part.text);
    const link = document.createElement("a");
    link.href = part.href;
    link.dir = "ltr";
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow ugc";
    link.textContent = part.text;
    return link;
  });
}

function bare(address) {
  const unopened = { ")": 0, "]": 0, "}": 0 };
  for (const character of address) {
    if (character in unopened) unopened[character] += 1;
    else if (character in CLOSED_BY) unopened[CLOSED_BY[character]] -= 1;
  }
  let end = address.length;
  for (; end; end -= 1) {
    const last = address[end - 1];
    if (unopened[last] > 0) unopened[last] -= 1;
    else if (!ENDS_A_SENTENCE.includes(last)) break;
  }
  return address.slice(0, end);
}
