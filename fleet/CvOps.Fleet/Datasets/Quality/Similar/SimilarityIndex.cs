namespace CvOps.Fleet.Datasets.Quality.Similar;

/// <summary>
/// Which frames are most like a picture: their codes (<see cref="Pictures.EmbeddingCode"/>), one after the other in memory, and every one of them is looked at, so
/// that nothing is missed. 72 bytes a frame. One thread adds, any number searches beside it and sees the frames that were there when it began.
/// </summary>
internal sealed class SimilarityIndex
{
    /// <summary>Of a code.</summary>
    public const int CodeBytes = 64;

    private const int BlockFrames = 1 << 16;

    private readonly Lock _adding = new();
    private Block[] _blocks = [];
    private int _count;

    /// <summary>Frames in it.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes that codes and rows take.</summary>
    public long Bytes => (long)_blocks.Length * BlockFrames * (CodeBytes + sizeof(long));

    public void Add(long row, ReadOnlySpan<sbyte> code)
    {
        lock (_adding)
        {
            var (block, place) = (_count / BlockFrames, _count % BlockFrames);
            // Blocks never move: who searches goes on in those it has.
            if (block == _blocks.Length) Volatile.Write(ref _blocks, [.. _blocks, new Block()]);
            _blocks[block].Rows[place] = row;
            code[..CodeBytes].CopyTo(_blocks[block].Codes.AsSpan(place * CodeBytes));
            Volatile.Write(ref _count, _count + 1);
        }
    }

    /// <param name="most">How many.</param>
    /// <param name="threads">That search; the answer does not depend on it.</param>
    /// <returns>The nearest first; of equals the older frame.</returns>
    public Neighbour[] Nearest(ReadOnlySpan<sbyte> code, int most, int threads = 1)
    {
        var count = Count;
        var blocks = Volatile.Read(ref _blocks);
        var used = (count + BlockFrames - 1) / BlockFrames;
        var nearest = new NearestList(most);
        if (threads == 1 || used < 2)
        {
            for (var block = 0; block < used; block++) Scan(blocks, block, count, code, nearest);
            return nearest.Kept.ToArray();
        }
        var asked = code.ToArray();
        Parallel.For(0, used, new ParallelOptions { MaxDegreeOfParallelism = threads }, () => new NearestList(most), (block, _, own) =>
        {
            Scan(blocks, block, count, asked, own);
            return own;
        }, own =>
        {
            lock (nearest) nearest.Offer(own);
        });
        return nearest.Kept.ToArray();
    }

    private static void Scan(Block[] blocks, int block, int count, ReadOnlySpan<sbyte> code, NearestList nearest)
    {
        var frames = Math.Min(BlockFrames, count - block * BlockFrames);
        CodeDistance.Scan(blocks[block].Codes, blocks[block].Rows.AsSpan(0, frames), code, nearest);
    }

    private sealed class Block
    {
        public readonly sbyte[] Codes = GC.AllocateUninitializedArray<sbyte>(BlockFrames * CodeBytes);
        public readonly long[] Rows = new long[BlockFrames];
    }
}
