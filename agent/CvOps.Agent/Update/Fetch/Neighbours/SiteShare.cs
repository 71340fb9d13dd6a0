using CvOps.Contracts;

namespace CvOps.Agent.Update.Fetch.Neighbours;

/// <param name="Run">Null: wait a moment.</param>
/// <param name="Neighbour">Whom to ask; null: the server.</param>
internal readonly record struct ShareStep(ChunkRun? Run, NeighbourClient? Neighbour);

/// <summary>One download among neighbours: asks them now and then what they have, and lets <see cref="ShareRule"/> say what comes from where.</summary>
internal sealed class SiteShare(DeviceId me, PackageAssembly assembly, IReadOnlyList<NeighbourClient> neighbours, FetchBoard board, TimeProvider time) : IDisposable
{
    /// <summary>A run from the server when there is nobody to share with.</summary>
    private const long AloneBytes = 8L * 1024 * 1024;

    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(0.5);

    /// <summary>Documents reach the devices of a site one after the other: a moment, so that they begin together.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    /// <summary>Time that may pass in waiting for others, beyond as much as this device's own part took.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly long _began = time.GetTimestamp();
    private TimeSpan? _asked;
    private TimeSpan? _waitingSince;
    private TimeSpan _waited;

    public async Task<ShareStep> NextAsync(CancellationToken cancellation)
    {
        var list = assembly.List;
        if (neighbours.Count == 0) return new ShareStep(ChunkRun.From(0, list.Count, assembly.Wants, chunk => list.Lengths[chunk], AloneBytes), null);
        var now = time.GetElapsedTime(_began);
        if (_asked is not { } asked || now - asked >= AskEvery)
        {
            await Task.WhenAll(neighbours.Select(neighbour => neighbour.AskAsync(assembly, cancellation)));
            now = time.GetElapsedTime(_began);
            _asked = now;
        }
        var known = neighbours.Where(neighbour => neighbour.Holding is { } holding && holding.Device != me).ToArray();
        var peers = known.Select(neighbour => new SharePeer(neighbour.Holding!.Device.Value, neighbour.GetsOn, neighbour.Has)).ToArray();
        var plan = ShareRule.Next(me.Value, list.Count, assembly.Wants, chunk => list.Lengths[chunk], peers, IsPatient(now));
        if (plan is { Run: not null, Peer: null } && now < Gathering) plan = new SharePlan(null, null);
        Account(plan.Run is null && now >= Gathering, now);
        return new ShareStep(plan.Run, plan.Peer is { } peer ? known[peer] : null);
    }

    public void Dispose() => board.Clear();

    private bool IsPatient(TimeSpan now)
    {
        var waited = _waited + (_waitingSince is { } since ? now - since : TimeSpan.Zero);
        return waited < Patience + (now - waited);
    }

    private void Account(bool waits, TimeSpan now)
    {
        if (waits) _waitingSince ??= now;
        else if (_waitingSince is { } since)
        {
            _waited += now - since;
            _waitingSince = null;
        }
    }
}
