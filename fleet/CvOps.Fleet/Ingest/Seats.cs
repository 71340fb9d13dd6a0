using System.Data.Common;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Ingest;

/// <summary>This process' place among the fleets that share a database and a broker.</summary>
internal sealed class Seats(Database database, IOptions<FleetOptions> options, TimeProvider time)
{
    /// <summary>A process that has not been heard of for so long is taken for dead. Wrong is no harm: it takes its seat back.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(6);

    private readonly string _owner = Guid.NewGuid().ToString("N");
    private readonly SeatWatch _watch = new(Silence);
    private readonly TaskCompletionSource<bool> _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _connected;
    private volatile bool _left;
    private volatile bool _hasShare;

    public string Client => options.Value.ClientId;

    /// <summary>Whether others may be there at all.</summary>
    public bool AreShared => database.IsShared;

    /// <summary>Says that this process lives, and takes its own seat back if somebody thought otherwise.</summary>
    /// <returns>Seats of others that are to be looked after: all of them where there can be no others.</returns>
    public async Task<Seat[]> BeatAsync(CancellationToken cancel)
    {
        var seats = await database.WriteAsync(connection =>
        {
            var before = SeatTable.All(connection);
            if (!SeatTable.Beat(connection, Client, _owner) && !_left) SeatTable.Take(connection, Client, _owner, leaving: !_hasShare);
            return before;
        }, cancel);
        _known.TrySetResult(seats.Any(seat => seat.Client == Client));
        var others = seats.Where(seat => seat.Owner != _owner && seat.Client != Client).ToArray();
        if (!AreShared) return others;
        lock (_watch)
        {
            _watch.Look(others, time.GetUtcNow());
            return [.. others.Where(seat => _watch.IsSilent(seat, time.GetUtcNow()))];
        }
    }

    /// <summary>Completes when this process has its seat: whoever takes a share without one could die and nobody would look for its session.</summary>
    public Task WhenTakenAsync(CancellationToken cancel) => _known.Task.WaitAsync(cancel);

    /// <summary>The broker gives this process its share by now, so others may hand over to it.</summary>
    public async Task SubscribedAsync(CancellationToken cancel)
    {
        if (_hasShare) return;
        await database.WriteAsync(connection => SeatTable.SetLeaving(connection, Client, _owner, leaving: false), cancel);
        _hasShare = true;
    }

    /// <summary>Whether the broker should have a session of this process' client id: it was connected before, or a former process left it.</summary>
    public async Task<bool> ExpectsSessionAsync(CancellationToken cancel)
    {
        var before = _connected;
        _connected = true;
        return before || await _known.Task.WaitAsync(cancel);
    }

    public Task<bool> AdoptAsync(Seat seat, CancellationToken cancel) => database.WriteAsync(connection => SeatTable.Adopt(connection, seat, _owner), cancel);

    /// <returns>False when an adopted seat is its own process' again.</returns>
    public Task<bool> KeepAsync(string client, CancellationToken cancel) => database.WriteAsync(connection => SeatTable.Beat(connection, client, _owner), cancel);

    public Task RemoveAsync(string client, CancellationToken cancel)
    {
        if (client == Client) _left = true;
        return database.WriteAsync(connection => SeatTable.Remove(connection, client, _owner), cancel);
    }

    /// <returns>True when another stays that takes in what comes; false for the last one, whose session the broker shall keep.</returns>
    public async Task<bool> LeaveAsync(CancellationToken cancel) => AreShared && await database.WriteAsync(connection => Leave(connection), cancel);

    // One after the other, by the writers' turn: of two that leave together, the second finds the first leaving and stays the last.
    private bool Leave(DbConnection connection)
    {
        var others = SeatTable.All(connection).Where(seat => seat.Owner != _owner && seat.Client != Client).ToArray();
        lock (_watch)
        {
            _watch.Look(others, time.GetUtcNow());
            if (!others.Any(seat => !seat.Leaving && _watch.Lives(seat, time.GetUtcNow()))) return false;
        }
        return SeatTable.SetLeaving(connection, Client, _owner, leaving: true) == 1;
    }
}
