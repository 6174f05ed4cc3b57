/**
 * The smallest part of a list that still fails: removes ever smaller runs of entries while it fails (delta debugging).
 *
 * @param fails whether a list fails, may be async; it fails for `list`
 */
export async function smallestFailure(list, fails) {
  let smallest = list;
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < smallest.length;) {
      const candidate = smallest.toSpliced(start, size);
      if (candidate.length > 0 && (await fails(candidate))) smallest = candidate;
      else start += size;
    }
  }
  return smallest;
}
