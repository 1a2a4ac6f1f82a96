// Dialogs are popovers without script; with it they are modal, so that the focus stays inside and comes back to its opener.
export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[popovertarget]");
    const dialog = opener && document.getElementById(opener.getAttribute("popovertarget"));
    if (dialog?.tagName !== "DIALOG") return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open(dialog);
  });
  // A form that came back with errors stands open; make it modal like the one it was.
  for (const dialog of document.querySelectorAll("dialog[open]")) {
    dialog.close();
    open(dialog);
  }
}

export function open(dialog) {
  if (dialog.matches(":popover-open")) dialog.hidePopover();
  dialog.showModal();
  const first = dialog.querySelector("[data-ea-errors], [autofocus], input:not([type=hidden]), select, textarea");
  first?.focus();
}
