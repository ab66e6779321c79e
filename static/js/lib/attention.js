/** Whether somebody looks at this page. */
export const looking = () => !document.hidden && document.hasFocus();
