namespace CvOps.Agent.Update;

/// <summary>Percentiles of the latest inference times, in order at all times: a frame costs a search and a move of some kilobytes, a look nothing.</summary>
internal sealed class LatencyWindow
{
    private const int Samples = 1024;

    private readonly double[] _ring = new double[Samples];
    private readonly double[] _sorted = new double[Samples];
    private long _frames;

    public LatencySeen Seen => new(_frames, At(0.5), At(0.95), At(0.99));

    public void Add(double ms)
    {
        var kept = (int)Math.Min(_frames, Samples);
        var place = (int)(_frames++ % Samples);
        if (kept == Samples)
        {
            var oldest = Array.BinarySearch(_sorted, 0, kept, _ring[place]);
            Array.Copy(_sorted, oldest + 1, _sorted, oldest, --kept - oldest);
        }
        _ring[place] = ms;
        var at = Array.BinarySearch(_sorted, 0, kept, ms);
        if (at < 0) at = ~at;
        Array.Copy(_sorted, at, _sorted, at + 1, kept - at);
        _sorted[at] = ms;
    }

    private double At(double part)
    {
        var kept = (int)Math.Min(_frames, Samples);
        return kept == 0 ? 0 : _sorted[(int)Math.Ceiling(part * kept) - 1];
    }
}
