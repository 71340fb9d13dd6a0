namespace CvOps.Agent.Offline.Drawing;

internal readonly record struct Colour(byte Blue, byte Green, byte Red)
{
    public static Colour Black { get; } = new(0, 0, 0);

    public static Colour White { get; } = new(255, 255, 255);

    public static Colour Alarm { get; } = new(40, 40, 230);

    /// <summary>Black or white, whichever can be read on it.</summary>
    public Colour Ink => 0.114 * Blue + 0.587 * Green + 0.299 * Red > 140 ? Black : White;

    /// <summary>
    /// A colour for the n-th class: hues a golden section apart, so that neighbours differ most; where they come back, after 13 and again after 21,
    /// the next ones are pale, then dark.
    /// </summary>
    public static Colour OfClass(int index)
    {
        var (low, high) = (index / 13 % 3) switch { 0 => (50, 255), 1 => (150, 255), _ => (0, 160) };
        // The first is orange: red is the alarm's.
        return OfHue((0.1 + index * 0.618033988749895) % 1 * 6, (byte)low, (byte)high);
    }

    // From HSV; Smith, "Color gamut transform pairs", 1978.
    private static Colour OfHue(double sixth, byte low, byte high)
    {
        var (sector, part) = ((int)sixth, (high - low) * (sixth % 1));
        byte rising = (byte)(low + part), falling = (byte)(high - part);
        return sector switch
        {
            0 => new(low, rising, high),
            1 => new(low, high, falling),
            2 => new(rising, high, low),
            3 => new(high, falling, low),
            4 => new(high, low, rising),
            _ => new(falling, low, high),
        };
    }
}
