using System.Text;
using CvOps.Contracts;

namespace CvOps.Agent.Spool;

/// <summary>What a topic carries, as <see cref="Topics.TryParse"/> says it, for every message and without an allocation.</summary>
internal static class SpoolTopic
{
    // Longer than any topic of the tree: six levels of at most 64 letters.
    private const int LongestTopic = 512;

    /// <returns>Null for a topic of another tree.</returns>
    public static TopicKind? KindOf(ReadOnlySpan<char> topic)
    {
        if (!topic.StartsWith(Topics.Root, StringComparison.Ordinal)) return null;
        var rest = topic[Topics.Root.Length..];
        // The root's own end, then site and device.
        for (var level = 0; level < 3; level++)
        {
            var slash = rest.IndexOf('/');
            if (slash < 0 || (level == 0) != (slash == 0)) return null;
            rest = rest[(slash + 1)..];
        }
        return TopicCatalog.Find(rest)?.Kind;
    }

    /// <inheritdoc cref="KindOf(ReadOnlySpan{char})"/>
    /// <param name="utf8">As on disk.</param>
    public static TopicKind? KindOf(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > LongestTopic) return null;
        Span<char> topic = stackalloc char[LongestTopic];
        return KindOf(topic[..Encoding.UTF8.GetChars(utf8, topic)]);
    }
}
