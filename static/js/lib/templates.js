/** A copy of the first element of `<template id>`: the markup that the server's pages are made of too. */
export function clone(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** The place in an element for something of this name. */
export function slot(element, name) {
  return element.matches(`[data-slot="${name}"]`) ? element : element.querySelector(`[data-slot="${name}"]`);
}
