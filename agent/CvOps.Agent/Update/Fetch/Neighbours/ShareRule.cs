using System.Numerics;
using System.Text;

namespace CvOps.Agent.Update.Fetch.Neighbours;

/// <summary>What to do next about the missing chunks.</summary>
/// <param name="Run">Null: wait a moment, others are fetching them.</param>
/// <param name="Peer">Index of the peer to ask; null: the server.</param>
internal readonly record struct SharePlan(ChunkRun? Run, int? Peer);

/// <param name="Device">Its id.</param>
/// <param name="Owns">It fetches the package and gets on with it, so a part of the way to the server is its own.</param>
/// <param name="Has">True for a chunk it can give now.</param>
internal sealed record SharePeer(string Device, bool Owns, Func<int, bool> Has);

/// <summary>
/// Who fetches what, so that a site brings about one copy from the server: whatever a peer has is taken from it; of the rest, each block belongs to
/// one of the devices that are fetching, by highest random weight (Thaler and Ravishankar, 1998) over their ids, so all come to the same answer
/// without a word. Pure.
/// </summary>
internal static class ShareRule
{
    /// <summary>Chunks of a block: about a sixty-fourth of a package.</summary>
    public const int BlockChunks = 32;

    private const ulong Fnv1aOffset = 14695981039346656037;
    private const ulong Fnv1aPrime = 1099511628211;

    /// <param name="me">This device's id.</param>
    /// <param name="missing">True for a chunk that is not here.</param>
    /// <param name="patient">False: what belongs to others is fetched as well.</param>
    public static SharePlan Next(string me, int chunks, Func<int, bool> missing, Func<int, int> lengthOf, IReadOnlyList<SharePeer> peers, bool patient)
    {
        var blocks = (chunks + BlockChunks - 1) / BlockChunks;
        // Each device begins elsewhere, so that what two of them bring is soon of use to both.
        var begin = (int)(Weight(me, blocks) % (ulong)Math.Max(1, blocks));
        SharePlan? own = null;
        for (var step = 0; step < blocks; step++)
        {
            var block = (begin + step) % blocks;
            var (start, end) = (block * BlockChunks, Math.Min(chunks, (block + 1) * BlockChunks));
            for (var chunk = start; chunk < end; chunk++)
            {
                if (!missing(chunk) || Giver(me, block, chunk, peers) is not { } giver) continue;
                return new SharePlan(ChunkRun.From(chunk, end, it => missing(it) && peers[giver].Has(it), lengthOf, long.MaxValue), giver);
            }
            if (own is null && (!patient || IsMine(me, block, peers)) && ChunkRun.From(start, end, missing, lengthOf, long.MaxValue) is { } run) own = new SharePlan(run, null);
        }
        return own ?? new SharePlan(null, null);
    }

    /// <summary>Another giver for each asker, so that one that has everything is not asked by everybody when others have it too.</summary>
    private static int? Giver(string me, int block, int chunk, IReadOnlyList<SharePeer> peers)
    {
        int? best = null;
        var weight = 0UL;
        for (var peer = 0; peer < peers.Count; peer++)
        {
            if (!peers[peer].Has(chunk)) continue;
            var its = Weight(me + "<" + peers[peer].Device, block);
            if (best is null || its > weight) (best, weight) = (peer, its);
        }
        return best;
    }

    private static bool IsMine(string me, int block, IReadOnlyList<SharePeer> peers)
    {
        var mine = Weight(me, block);
        foreach (var peer in peers)
        {
            if (peer.Owns && Weight(peer.Device, block) > mine) return false;
        }
        return true;
    }

    /// <summary>The same on every device: FNV-1a of the id, mixed with the block by SplitMix64's finaliser.</summary>
    private static ulong Weight(string device, int block)
    {
        var hash = Fnv1aOffset;
        foreach (var unit in Encoding.UTF8.GetBytes(device)) hash = (hash ^ unit) * Fnv1aPrime;
        hash += BitOperations.RotateLeft((ulong)block * 0x9E3779B97F4A7C15, 17);
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EB;
        return hash ^ (hash >> 31);
    }
}
