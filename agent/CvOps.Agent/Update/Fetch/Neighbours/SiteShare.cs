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

    /// <summary>A neighbour that takes longer to answer is heard the next time: it must not hold up the others.</summary>
    private static readonly TimeSpan Hearing = TimeSpan.FromSeconds(0.25);

    /// <summary>Documents reach the devices of a site one after the other: a moment, so that they begin together.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    /// <summary>Time that may pass in waiting for others, beyond as much as this device's own part took.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly long _began = time.GetTimestamp();
    private readonly CancellationTokenSource _ending = new();
    private Task _asking = Task.CompletedTask;
    private bool _fromServer;
    private TimeSpan? _asked;
    private TimeSpan? _waitingSince;
    private TimeSpan _waited;

    public async Task<ShareStep> NextAsync(CancellationToken cancellation)
    {
        var list = assembly.List;
        if (neighbours.Count == 0) return new ShareStep(ChunkRun.From(0, list.Count, assembly.Wants, chunk => list.Lengths[chunk], AloneBytes), null);
        var now = time.GetElapsedTime(_began);
        // Before every run from the server as well: what others have brought meanwhile need not come twice.
        if (_asked is not { } asked || _fromServer || now - asked >= AskEvery)
        {
            await AskAsync(_asked is null, cancellation);
            now = time.GetElapsedTime(_began);
            _asked = now;
        }
        var known = neighbours.Where(neighbour => neighbour.Holding is { } holding && holding.Device != me).ToArray();
        var peers = known.Select(neighbour => new SharePeer(neighbour.Holding!.Device.Value, neighbour.GetsOn, neighbour.Has)).ToArray();
        var plan = ShareRule.Next(me.Value, list.Count, assembly.Wants, chunk => list.Lengths[chunk], peers, IsPatient(now));
        if (plan is { Run: not null, Peer: null } && now < Gathering) plan = new SharePlan(null, null);
        _fromServer = plan is { Run: not null, Peer: null };
        Account(plan.Run is null && now >= Gathering, now);
        return new ShareStep(plan.Run, plan.Peer is { } peer ? known[peer] : null);
    }

    public void Dispose()
    {
        board.Clear();
        _ending.Cancel();
        _ending.Dispose();
    }

    private async Task AskAsync(bool first, CancellationToken cancellation)
    {
        if (_asking.IsCompleted) _asking = Task.WhenAll(neighbours.Select(neighbour => neighbour.AskAsync(assembly, _ending.Token)));
        if (first) await _asking.WaitAsync(cancellation);
        else await Task.WhenAny(_asking, Task.Delay(Hearing, time, cancellation));
    }

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
