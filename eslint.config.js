import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["static/vendor/", "dist/", "node_modules/", ".venv/", "artifacts/"] },
  js.configs.recommended,
  {
    rules: {
      "prefer-const": "error",
      "no-var": "error",
      eqeqeq: "error",
      "no-shadow": "error",
      "max-lines": ["error", { max: 300, skipComments: true }],
    },
  },
  { files: ["static/js/**"], languageOptions: { globals: globals.browser } },
  { files: ["scripts/**", "tests/**", "bench/**"], languageOptions: { globals: globals.node } },
  { files: ["tests/support/feed.mjs"], languageOptions: { globals: globals.browser } },
];
