// Tells the server how long a product was looked at, and whether a choice was left behind.
// Present only on pages of visitors who agreed to it; the form's own token protects the beacon.

class ProductLook extends HTMLElement {
  connectedCallback() {
    this.seconds = 0;
    this.since = document.hidden ? null : performance.now();
    this.touched = this.ordered = false;
    this.away = new AbortController();
    const how = { signal: this.away.signal };
    document.addEventListener("visibilitychange", () => this.count(), how);
    addEventListener("pagehide", () => this.tell(), how);
    addEventListener("pageshow", () => this.count(), how);
    document.addEventListener("change", (event) => {
      if (event.target.form?.id === this.dataset.form) this.touched = true;
    }, how);
    document.addEventListener("submit", (event) => {
      if (event.target.id === this.dataset.form) this.ordered = true;
    }, how);
  }

  disconnectedCallback() {
    this.away.abort();
  }

  // only the time in which the page could be seen
  count() {
    if (this.since !== null) this.seconds += (performance.now() - this.since) / 1000;
    this.since = document.hidden ? null : performance.now();
  }

  tell() {
    const form = document.getElementById(this.dataset.form);
    if (!form) return;
    this.count();
    const report = new FormData(form);
    report.set("seconds", String(Math.round(this.seconds)));
    if (this.touched && !this.ordered) report.set("left", "1");
    navigator.sendBeacon(this.dataset.url, report);
  }
}

customElements.define("product-look", ProductLook);
