/** Nothing but what this host serves: no inline script, no other host, no frame around it. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/**
 * @param title a name of the profile: letters, digits, `-` and `_`
 * @param files relative address of the folder of the page's files; relative, as a proxy may have put all below a path
 * @param script relative address of the script that starts it
 */
export function page(title: string, files: string, script: string): string {
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="stylesheet" href="${files}/swagger-ui.css">
    <link rel="icon" type="image/png" href="${files}/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="${files}/swagger-ui-bundle.js"></script>
    <script src="${script}"></script>
  </body>
</html>
`;
}

/** @param description relative address of the OpenAPI document, from the page */
export function startScript(description: string): string {
  // Without `validatorUrl: null`, the address of the document would go to a validator on the internet.
  return `window.ui = SwaggerUIBundle({
  url: new URL(${JSON.stringify(description)}, document.baseURI).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
`;
}
