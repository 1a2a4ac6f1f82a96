// Show and hide what is typed; the button says what it does and whether it is on.
export function startReveal() {
  for (const button of document.querySelectorAll("[data-ea-reveal]")) {
    const field = document.getElementById(button.dataset.eaReveal);
    const use = button.querySelector("use");
    button.addEventListener("click", () => {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, shown ? "#visibility_off" : "#visibility"));
    });
    // The browser's password store must see a password field when the form goes.
    field.form.addEventListener("submit", () => {
      field.type = "password";
    });
  }
}
