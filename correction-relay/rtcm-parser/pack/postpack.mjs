// After `npm pack`: the sources again, and nothing emitted that could grow stale beside them.
import { removeEmitted, useRepositoryManifest } from "./manifest.mjs";

useRepositoryManifest();
removeEmitted();
