import { forget } from "./lib/storage.js";

// On the page that one is at after leaving: what was written belongs to who wrote it.
forget();
