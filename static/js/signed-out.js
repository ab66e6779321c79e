import { forget } from "./lib/storage.js";

// Loaded by the page after signing out: what was written belongs to the person who wrote it.
forget();
