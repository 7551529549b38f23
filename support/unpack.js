// Gives Allure its data, which the page holds packed; Allure waits until it is ready.
(async () => {
  const packed = Uint8Array.from(atob(document.getElementById("evidence").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const { names, bodies, sounds } = JSON.parse(await new Response(stream).text());
  const sounding = (text) => text.replace(/\0(\d+)\0/g, (_, number) => sounds[number]);
  for (const [name, place] of Object.entries(names)) {
    const body = bodies[place];
    const get = () => (typeof body === "string" ? btoa(unescape(encodeURIComponent(sounding(body)))) : body.base64);
    Object.defineProperty(window.allureReportData, name, { enumerable: true, get });
  }
  window.allureReportDataReady = true;
})();
