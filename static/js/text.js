// The same as chat/web/markup.py does on the server; tests/cases/links.json holds both to it.
const ADDRESS = /(?<![\p{L}\p{N}_])https?:\/\/[^\s<>"\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu;
const ENDS_A_SENTENCE = ".,;:!?'*_~…";
const BRACKETS = { ")": "(", "]": "[", "}": "{" };

/** The text in pieces `{text, href?}`; those with an `href` are addresses to link. */
export function parts(text) {
  const found = [];
  let done = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = bare(match[0]);
    if (address.length <= "https://".length) continue;
    if (match.index > done) found.push({ text: text.slice(done, match.index) });
    found.push({ text: address, href: address });
    done = match.index + address.length;
  }
  if (done < text.length) found.push({ text: text.slice(done) });
  return found;
}

/** The text as nodes: addresses as links that tell nobody where they were found, everything else inert. */
export function linked(text) {
  return parts(text).map((part) => {
    if (!part.href) return document.createTextNode(part.text);
    const link = document.createElement("a");
    link.href = part.href;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow ugc";
    link.textContent = part.text;
    return link;
  });
}

function bare(address) {
  for (;;) {
    const last = address.at(-1);
    const unopened = last in BRACKETS && count(address, BRACKETS[last]) < count(address, last);
    if (!last || !(ENDS_A_SENTENCE.includes(last) || unopened)) return address;
    address = address.slice(0, -1);
  }
}

const count = (text, character) => text.split(character).length - 1;
