namespace CvOps.Fleet.Ingest;

/// <summary>Tells from what was seen of the seats whose process is gone. Pure: no clock of another machine counts, only whether a beat changed while this one waited.</summary>
internal sealed class SeatWatch(TimeSpan silence)
{
    private readonly Dictionary<string, (Seat Seat, DateTimeOffset Since)> _seen = new(StringComparer.Ordinal);

    /// <param name="seats">All there are.</param>
    /// <returns>Seats whose beat has stood still for the silence.</returns>
    public Seat[] Silent(IReadOnlyCollection<Seat> seats, DateTimeOffset now)
    {
        foreach (var gone in _seen.Keys.Except(seats.Select(seat => seat.Client)).ToArray()) _seen.Remove(gone);
        foreach (var seat in seats)
            if (!_seen.TryGetValue(seat.Client, out var before) || (before.Seat.Owner, before.Seat.Beat) != (seat.Owner, seat.Beat)) _seen[seat.Client] = (seat, now);
        return [.. seats.Where(seat => now - _seen[seat.Client].Since >= silence)];
    }
}
