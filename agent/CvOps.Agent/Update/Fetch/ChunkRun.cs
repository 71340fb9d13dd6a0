namespace CvOps.Agent.Update.Fetch;

/// <summary>Neighbouring chunks that one range request brings.</summary>
/// <param name="Last">Included.</param>
internal readonly record struct ChunkRun(int First, int Last)
{
    /// <summary>The first missing chunk from there on, and the missing ones that follow it without a gap.</summary>
    /// <param name="wanted">True for a chunk that is missing and may be asked for there.</param>
    /// <param name="end">One past the last chunk to look at.</param>
    /// <returns>Null when there is none.</returns>
    public static ChunkRun? From(int start, int end, Func<int, bool> wanted, Func<int, int> lengthOf, long mostBytes)
    {
        for (var first = start; first < end; first++)
        {
            if (!wanted(first)) continue;
            var (last, bytes) = (first, (long)lengthOf(first));
            while (last + 1 < end && wanted(last + 1) && bytes + lengthOf(last + 1) <= mostBytes) bytes += lengthOf(++last);
            return new ChunkRun(first, last);
        }
        return null;
    }
}
