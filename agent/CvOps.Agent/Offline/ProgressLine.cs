using System.Globalization;

namespace CvOps.Agent.Offline;

/// <summary>A run's progress in one line.</summary>
internal static class ProgressLine
{
    private const int MostBar = 40;
    private const int LeastBar = 8;

    /// <param name="total">Null when nobody knows.</param>
    /// <param name="columns">Of the terminal; the line is shorter.</param>
    public static string Of(long done, long? total, TimeSpan elapsed, int columns)
    {
        var rate = elapsed > TimeSpan.Zero ? done / elapsed.TotalSeconds : 0;
        // What a container says of its length is not always true.
        var whole = total is { } known ? Math.Max(known, done) : (long?)null;
        var figures = string.Create(CultureInfo.InvariantCulture, $"{done}{(whole is { } all ? $"/{all}" : "")} frames  {rate:0.0}/s");
        if (whole is { } most)
        {
            if (rate > 0) figures += $"  {Clock(TimeSpan.FromSeconds((most - done) / rate))} left";
            var part = most == 0 ? 1 : (double)done / most;
            var percent = string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(100 * part),3:0} % ");
            var bar = Math.Min(MostBar, columns - 1 - percent.Length - figures.Length - 4);
            if (bar >= LeastBar) figures = $"{percent}[{new string('#', (int)(part * bar)).PadRight(bar, '-')}]  {figures}";
        }
        return figures.Length < columns ? figures : figures[..Math.Max(0, columns - 1)];
    }

    public static string Clock(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");
}
