// Dialogs are popovers without script; with it they are modal, so that the focus stays inside and comes back to its opener.
export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[popovertarget]");
    const dialog = opener && document.getElementById(opener.getAttribute("popovertarget"));
    if (dialog?.tagName !== "DIALOG") return;
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open(dialog, opener);
  });
  // A form that came back with errors stands open; make it modal like the one it was.
  for (const dialog of document.querySelectorAll("dialog[open]")) {
    dialog.close();
    open(dialog);
  }
}

export function open(dialog, opener) {
  // The focus comes back to what opened it, also where that was a key and no press. A menu closes when a dialog opens
  // from it: then to the button of the menu.
  const menu = opener?.closest("[popover]:not(dialog)");
  const way = menu ? document.querySelector(`[popovertarget="${menu.id}"]`) : opener;
  if (way) dialog.addEventListener("close", () => way.focus(), { once: true });
  if (dialog.matches(":popover-open")) dialog.hidePopover();
  dialog.showModal();
  const first = dialog.querySelector("[data-ea-errors], [autofocus], input:not([type=hidden]), select, textarea");
  first?.focus();
}
