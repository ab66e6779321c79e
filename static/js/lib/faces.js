// The same as in chat/web/markup.py; tests/cases/initials.json tests both.
const STANDS = /[\p{L}\p{N}\p{S}]/u;
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u;
const SYMBOL = /\p{S}/u;

/** One or two letters for a name: of its first two words, or of its one; a single one where letters are wide. */
export function initials(name) {
  const words = name
    .trim()
    .split(/\s+/)
    .map((word) => [...word].filter((character) => STANDS.test(character)))
    .filter((word) => word.length);
  if (!words.length) words.push([...name.trim()]);
  const first = words[0][0] ?? "";
  if (WIDE.test(first) || SYMBOL.test(first)) return first;
  const second = (words.length > 1 ? words[1][0] : words[0][1]) ?? "";
  return (first + (WIDE.test(second) ? "" : second)).toUpperCase();
}

/** Draw a person's face into an element: initials in the hue of their id's first digit. */
export function draw(face, { id, name }) {
  face.classList.add(`hue-${id[0]}`);
  face.textContent = initials(name);
}
