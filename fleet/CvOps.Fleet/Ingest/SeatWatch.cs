namespace CvOps.Fleet.Ingest;

/// <summary>
/// Tells from what was seen of the seats whose process lives and whose is gone. Pure: no clock of another machine counts, only whether a beat changed while this one watched.
/// </summary>
internal sealed class SeatWatch(TimeSpan silence)
{
    private readonly Dictionary<string, (Seat Seat, DateTimeOffset Since, bool Beats)> _seen = new(StringComparer.Ordinal);
    private bool _looked;

    /// <summary>Takes in all the seats there are.</summary>
    public void Look(IReadOnlyCollection<Seat> seats, DateTimeOffset now)
    {
        foreach (var gone in _seen.Keys.Except(seats.Select(seat => seat.Client)).ToArray()) _seen.Remove(gone);
        foreach (var seat in seats)
        {
            // What was there at the first look may be long dead; what is new since is not.
            if (!_seen.TryGetValue(seat.Client, out var before)) _seen[seat.Client] = (seat, now, _looked);
            else if ((before.Seat.Owner, before.Seat.Beat) != (seat.Owner, seat.Beat)) _seen[seat.Client] = (seat, now, true);
        }
        _looked = true;
    }

    /// <summary>Its beat has stood still for the silence.</summary>
    public bool IsSilent(Seat seat, DateTimeOffset now) => _seen.TryGetValue(seat.Client, out var seen) && now - seen.Since >= silence;

    /// <summary>It was seen to beat, and not too long ago.</summary>
    public bool Lives(Seat seat, DateTimeOffset now) => _seen.TryGetValue(seat.Client, out var seen) && seen.Beats && now - seen.Since < silence;
}
