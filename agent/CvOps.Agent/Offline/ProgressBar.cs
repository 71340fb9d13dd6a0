namespace CvOps.Agent.Offline;

/// <summary>Keeps a line of progress on standard error while it is a terminal that can redraw one; otherwise does nothing.</summary>
internal sealed class ProgressBar : IDisposable
{
    private const string EraseToEnd = "\u001b[K";
    private const int UsualColumns = 80;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly Func<long> _done;
    private readonly Task<long?> _total;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly ITimer? _timer;
    private bool _ended;

    /// <param name="total">May take its time; until then the line does without.</param>
    public ProgressBar(Func<long> done, Task<long?> total, TimeProvider time)
    {
        (_done, _total, _time, _started) = (done, total, time, time.GetTimestamp());
        if (CanShow) _timer = time.CreateTimer(_ => Draw(), null, Period, Period);
    }

    public static bool CanShow => !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";

    public void Dispose()
    {
        if (_timer is null) return;
        _timer.Dispose();
        lock (_gate)
        {
            _ended = true;
            Console.Error.Write("\r" + EraseToEnd);
        }
    }

    private void Draw()
    {
        lock (_gate)
        {
            if (_ended || _done() == 0) return;
            var total = _total.IsCompletedSuccessfully ? _total.Result : null;
            Console.Error.Write("\r" + ProgressLine.Of(_done(), total, _time.GetElapsedTime(_started), Columns()) + EraseToEnd);
        }
    }

    private static int Columns()
    {
        try
        {
            return Console.WindowWidth is > 0 and var columns ? columns : UsualColumns;
        }
        catch (IOException)
        {
            return UsualColumns;
        }
    }
}
