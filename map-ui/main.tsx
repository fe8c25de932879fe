import "./css/tokens.css";
import "./css/base.css";
import "./css/today.css";
import "./css/map.css";
import "./css/panel.css";
import "./css/desk.css";
import { render } from "preact";
import { App } from "./pages/app.tsx";
import { start } from "./state/store.ts";
import { followUrl } from "./state/view.ts";

followUrl();
const root = document.getElementById("app");
if (root === null) throw new Error("the page has no #app");
render(<App />, root);
void start();
