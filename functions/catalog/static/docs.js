"use strict";

SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  defaultModelRendering: "example",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  showExtensions: false,
  // The validator is a service on the internet; this page asks nobody but its own server.
  validatorUrl: null,
});
