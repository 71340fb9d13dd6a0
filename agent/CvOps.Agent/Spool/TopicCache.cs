using System.Text;

namespace CvOps.Agent.Spool;

/// <summary>Topics as strings, one object for those that come again and again. One place a hash: a topic used once costs its string and nobody's memory.</summary>
internal sealed class TopicCache
{
    private const int Places = 64;

    private readonly (byte[] Bytes, string Text)[] _known = new (byte[], string)[Places];

    /// <param name="utf8">As on disk.</param>
    public string Text(ReadOnlySpan<byte> utf8)
    {
        var hash = new HashCode();
        hash.AddBytes(utf8);
        ref var place = ref _known[(uint)hash.ToHashCode() % Places];
        if (place.Bytes is null || !utf8.SequenceEqual(place.Bytes)) place = (utf8.ToArray(), Encoding.UTF8.GetString(utf8));
        return place.Text;
    }
}
