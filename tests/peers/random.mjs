// Reproducible random numbers, so that a run can be repeated.

export class Random {
  #state;

  // `seeds` are whole numbers. The state depends on all of them.
  constructor(...seeds) {
    this.#state = 0x9e3779b9;
    for (const seed of seeds) {
      this.#state ^= seed >>> 0;
      this.next();
    }
  }

  // Returns 32 bits, with the generator mulberry32.
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (bits ^ (bits >>> 14)) >>> 0;
  }

  below(limit) {
    return this.next() % limit;
  }

  // Returns true with a probability of 1 in `times`.
  once(times) {
    return this.below(times) === 0;
  }

  of(list) {
    return list[this.below(list.length)];
  }

  // Returns one of the keys of an object of weights.
  weighted(weights) {
    const entries = Object.entries(weights);
    let at = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    return entries.find(([, weight]) => (at -= weight) < 0)[0];
  }

  // Cuts `whole` into pieces of length 1 to `longest`.
  pieces(whole, longest) {
    const pieces = [];
    for (let at = 0; at < whole.length; ) {
      const length = 1 + this.below(longest);
      pieces.push(whole.slice(at, at + length));
      at += length;
    }
    return pieces;
  }
}
