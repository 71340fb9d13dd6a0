namespace CvOps.Agent.Drift;

/// <summary>Bytes that one camera sent in the last hour. Pure but for what it remembers.</summary>
internal sealed class ByteLedger
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Queue<Sent> _sent = [];
    private long _sum;

    /// <param name="At">On whichever clock the caller goes by; it does not go back.</param>
    public readonly record struct Sent(TimeSpan At, int Bytes);

    public IReadOnlyCollection<Sent> Entries => _sent;

    /// <summary>Bytes of the hour that ends now.</summary>
    public long LastHour(TimeSpan now)
    {
        while (_sent.TryPeek(out var oldest) && now - oldest.At >= Hour)
        {
            _sent.Dequeue();
            _sum -= oldest.Bytes;
        }
        return _sum;
    }

    public void Add(TimeSpan now, int bytes)
    {
        _sent.Enqueue(new Sent(now, bytes));
        _sum += bytes;
    }
}
