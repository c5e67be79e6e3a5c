import { casRegister } from "../../models/cas-register.js";
import { historyHtml } from "../html.js";
import { check, STALE } from "./sample.js";

/** What a web application would ship: bundled, the page is made where it runs. */
const { history, result } = check(STALE);
(globalThis as { bundledPage?: string }).bundledPage = historyHtml(casRegister(), history, result);
