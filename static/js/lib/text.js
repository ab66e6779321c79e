// The same as in chat/web/markup.py, which explains the classes; tests/cases/links.json tests both.
const WORD = String.raw`0-9A-Za-z\u00c0-\u024f`;
const ENDS =
  String.raw`\u0000-\u0020\u007f-\u00a0\u00ab\u00ad\u00bb\u060c\u061b-\u061f\u06d4\u0964\u0965\u1680\u180e\u2000-\u200b\u200e\u200f` +
  String.raw`\u2018-\u201f\u2028-\u202f\u2039\u203a\u205f-\u206f\u3000-\u3003\u3008-\u3011\u3014-\u301f\ufe10-\ufe19\ufe30-\ufe52\ufeff` +
  String.raw`\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ufff9-\uffff<>"${"`"}|\\`;
const HOST = String.raw`[^\/?#.:@,;!'()\{\}\]*_~\u2010-\u2015\u2026${ENDS}]`;
const ADDRESS = new RegExp(
  String.raw`(?<![${WORD}])[Hh][Tt][Tt][Pp][Ss]?:\/\/${HOST}[^${ENDS}]*` +
    String.raw`|(?<![${WORD}.:@\/_\-])[Ww][Ww][Ww]\.${HOST}{1,63}\.${HOST}[^${ENDS}]*` +
    String.raw`|(?<mail>(?<![${WORD}_+%@\/\-])[0-9A-Za-z_][0-9A-Za-z._+\-]{0,63}@` +
    String.raw`(?:[${WORD}\-]{1,63}\.){1,8}[A-Za-z]{2,63}(?![${WORD}_@\-]))`,
  "gu",
);
const LONGEST_ADDRESS = 2000;
const MOST_LINKS = 100;
const ENDS_A_SENTENCE = ".,;:!?'\u2026\u2010\u2011\u2012\u2013\u2014\u2015";
const EMPHASIS = "*_~";
const CLOSED_BY = { "(": ")", "[": "]", "{": "}" };

/** How many characters a text has, as the server counts them. */
export const length = (text) => [...text].length;

/** The text in pieces `{text, href?}`; those with an `href` are addresses to link. */
export function parts(text) {
  const found = [];
  let done = 0;
  let links = 0;
  for (const { 0: match, index, groups } of text.matchAll(ADDRESS)) {
    const address = bare(match, text[index - 1]);
    if (length(address) > LONGEST_ADDRESS) continue;
    if ((links += 1) > MOST_LINKS) break;
    if (index > done) found.push({ text: text.slice(done, index) });
    found.push({ text: address, href: leadsTo(address, groups.mail) });
    done = index + address.length;
  }
  if (done < text.length) found.push({ text: text.slice(done) });
  return found;
}

/**
 * The text as nodes: addresses become links that send no referrer, everything else is inert. A link reads from left to right whatever
 * stands around it, so that it shows where it leads.
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

function leadsTo(address, isMail) {
  if (isMail) return `mailto:${address}`;
  return /^w/i.test(address) ? `https://${address}` : address;
}

function bare(address, before) {
  const unopened = { ")": 0, "]": 0, "}": 0 };
  for (const character of address) {
    if (character in unopened) unopened[character] += 1;
    else if (character in CLOSED_BY) unopened[CLOSED_BY[character]] -= 1;
  }
  const around = before && EMPHASIS.includes(before) ? before : "";
  let end = address.length;
  for (; end; end -= 1) {
    const last = address[end - 1];
    if (unopened[last] > 0) unopened[last] -= 1;
    else if (!ENDS_A_SENTENCE.includes(last) && last !== around) break;
  }
  return address.slice(0, end);
}
