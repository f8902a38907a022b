// The worker in which the analyzer runs: started, asked, and ended when someone doesn't want to wait.
export class Analyzer {
  #worker = null;
  #waiting = new Map();
  #next = 0;
  #told;

  constructor(told) {
    this.#told = told;
    this.#start();
  }

  #start() {
    this.#worker = new Worker("worker.js", { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#heard(data);
    this.#worker.onerror = (event) => this.#told("failed", event.message || "the worker couldn't start");
    this.#told("loading");
  }

  #heard(data) {
    if (data.stage) return this.#told(data.stage, data.message);
    const waiting = this.#waiting.get(data.id);
    this.#waiting.delete(data.id);
    if (!waiting) return;
    if (data.failed === undefined) return waiting.resolve(data);
    // What made Python itself give up leaves nothing to go on with.
    this.#restart();
    waiting.reject(new Error(data.failed));
  }

  // Runs the command line on files ({ name, data }); gives { code, stdout, stderr, written: name -> bytes }.
  run(argument, files, outputs) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, argument, files, outputs });
    });
  }

  #restart() {
    this.#worker.terminate();
    this.#start();
  }

  cancel() {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#restart();
    for (const { reject } of waiting) reject(new DOMException("cancelled", "AbortError"));
  }
}
