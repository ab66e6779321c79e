/** A copy of the first element of `<template id>`: the markup that the server's pages are made of too. */
export function clone(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** What the server says with `<template id>`, as texts. It is of the same version as this script, which a page fetched later may not be. */
export function settings(id) {
  return document.getElementById(id).dataset;
}

/** The place in an element for something of this name. */
export function slot(element, name) {
  return element.matches(`[data-slot="${name}"]`) ? element : element.querySelector(`[data-slot="${name}"]`);
}
