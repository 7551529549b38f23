// The bare address is the overview; an address with a scenario (#…) or a search (?…) is Allure's.
const choose = () => {
  const inside = location.hash.length > 1 || location.search.length > 1;
  document.documentElement.dataset.page = inside ? "allure" : "overview";
};
choose();
addEventListener("hashchange", () => { choose(); scrollTo(0, 0); });
addEventListener("popstate", choose);

// While the overview is shown, no key is for Allure: its shortcuts would take Enter and the arrows away.
const ours = (event) => {
  if (document.documentElement.dataset.page === "overview") event.stopImmediatePropagation();
};
for (const kind of ["keydown", "keyup"]) addEventListener(kind, ours, true);

// Allure's buttons that show a picture only have no name for who cannot see it: they get one.
// A name that hides what the button says is taken away.
const name = () => {
  for (const button of document.querySelectorAll("#app button:not([aria-label])")) {
    if (button.textContent.trim()) continue;
    const told = button.title || (button.dataset.testid || "").replace(/-/g, " ") || "open or close";
    button.setAttribute("aria-label", told);
  }
  for (const button of document.querySelectorAll("#app button[aria-label]")) {
    const text = button.textContent.trim().toLowerCase();
    if (text && !text.includes(button.ariaLabel.toLowerCase())) button.removeAttribute("aria-label");
  }
};
// Allure measures a page in the report once; here it is as high as it is, also when a part of it is opened.
const fitted = new WeakSet();
const fit = () => {
  for (const frame of document.querySelectorAll("#app iframe")) {
    if (fitted.has(frame)) continue;
    fitted.add(frame);
    frame.addEventListener("load", () => {
      const page = frame.contentDocument?.body;
      if (!page) return;
      new ResizeObserver(() => {
        frame.style.height = `${Math.min(page.offsetHeight + 24, 1600)}px`;
      }).observe(page);
    });
  }
};
new MutationObserver(fit).observe(document.documentElement, { childList: true, subtree: true });
new MutationObserver(name).observe(document.documentElement, { childList: true, subtree: true });
