import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import type { PageData } from "../model.js";
import { ListPage } from "./list-page.js";
import { ReportPage, RunPage } from "./run-page.js";
import "./style.css";

const app = document.getElementById("app");
const data = document.getElementById("data")?.textContent;
if (app !== null && data !== null && data !== undefined) {
  const page = JSON.parse(data) as PageData;
  if (page.page !== "report") document.documentElement.dataset["served"] = "";
  render(
    page.page === "list" ? (
      <ListPage />
    ) : page.page === "run" ? (
      <RunPage />
    ) : (
      <ReportPage view={page.view} operations={page.operations} />
    ),
    app,
  );
}
