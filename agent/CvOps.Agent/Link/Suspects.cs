using CvOps.Agent.Spool;

namespace CvOps.Agent.Link;

/// <summary>
/// Which message ends the connection. After a broker hung up over what it was sent, every message that was on its way is sent again alone, until each
/// has passed or the one is found: with others beside it the fresh ones would be blamed for ever. Pure.
/// </summary>
internal sealed class Suspects
{
    /// <summary>Times a message may end the connection, alone on its way, before it is set aside.</summary>
    public const int Patience = 3;

    private readonly long[] _until = new long[SpoolClasses.All.Count];
    private (SpoolClass Class, long Position) _blamed;
    private int _times;

    /// <summary>The class whose messages go now, one at a time; null when nobody is suspected.</summary>
    public SpoolClass? Only { get; private set; }

    /// <summary>It was on its way when the connection was ended over one of those.</summary>
    public void Add(SpoolClass of, long position)
    {
        _until[(int)of] = Math.Max(_until[(int)of], position);
        Only = First();
    }

    /// <summary>It ended the connection, alone on its way or as the oldest.</summary>
    /// <returns>True when patience with it is over.</returns>
    public bool Blame(SpoolClass of, long position)
    {
        _times = _blamed == (of, position) ? _times + 1 : 1;
        _blamed = (of, position);
        return _times > Patience;
    }

    /// <summary>It passed, or was set aside.</summary>
    public void Clear(SpoolClass of, long position)
    {
        if (position >= _until[(int)of]) _until[(int)of] = 0;
        if (Only is not null) Only = First();
    }

    private SpoolClass? First()
    {
        for (var index = 0; index < _until.Length; index++)
        {
            if (_until[index] > 0) return (SpoolClass)index;
        }
        return null;
    }
}
