/** A copy of the first element of `<template id>`, made by the same macros as the page. */
export function clone(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** The settings on `<template id>`, as texts. They come with this script; a room that is fetched later may be of another version. */
export function settings(id) {
  return document.getElementById(id).dataset;
}

/** The part of an element with this name. */
export function slot(element, name) {
  return element.matches(`[data-slot="${name}"]`) ? element : element.querySelector(`[data-slot="${name}"]`);
}
