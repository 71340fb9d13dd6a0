using System.Globalization;
using System.Text;
using CvOps.Contracts;

namespace CvOps.Agent.Spool;

/// <summary>Messages nobody will ever take, kept aside with the reason for a person to look at; never sent again. The newest <see cref="Keep"/> stay.</summary>
internal sealed class DeadLetters(string folder, TimeProvider time)
{
    public const int Keep = 100;
    private long _count;

    /// <summary>Set aside since the start.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>One file a letter: topic, time and reason as lines, an empty line, the payload as it was.</summary>
    /// <exception cref="IOException">It could not be kept.</exception>
    public void Add(string topic, ReadOnlySpan<byte> payload, string reason)
    {
        var number = Interlocked.Increment(ref _count);
        Directory.CreateDirectory(folder);
        var now = time.GetUtcNow();
        var name = string.Create(CultureInfo.InvariantCulture, $"{now:yyyyMMdd'T'HHmmssfff}-{number:D6}.letter");
        using (var file = File.Create(Path.Combine(folder, name)))
        {
            file.Write(Encoding.UTF8.GetBytes($"topic: {topic}\nat: {now:O}\nreason: {reason.ReplaceLineEndings(" ")}\n\n"));
            file.Write(payload);
            file.Flush();
            // Its place in the spool is given up next.
            DurableFile.Sync(file.SafeFileHandle);
        }
        DurableFile.SyncFolder(folder);
        foreach (var old in Directory.GetFiles(folder, "*.letter").Order(StringComparer.Ordinal).SkipLast(Keep)) File.Delete(old);
    }
}
