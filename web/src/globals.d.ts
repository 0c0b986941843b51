interface Window {
  /** Set by early.ts. `stop` ends the early capture and hands over what it kept. */
  tintypeEarly?: { stop(): File[] }
}
