import { SIMULATOR } from "../engine.js";
import { serveJobs } from "./serve.js";

serveJobs(SIMULATOR);
