using System.Text;
using CvOps.Contracts.Telemetry;

namespace CvOps.Fleet.Ingest;

/// <summary>
/// The few texts that come in nearly every message, made once: of ASCII bytes the same string again. Holds a fixed number of them; one that is not
/// there is made anew. For one thread.
/// </summary>
internal sealed class NamePool
{
    private const int Slots = 1024;
    private const int LongestKept = 128;

    private readonly string?[] _names = new string?[Slots];
    private readonly ModelRef?[] _models = new ModelRef?[Slots];

    public string Get(ReadOnlySpan<byte> ascii)
    {
        if (ascii.Length > LongestKept) return Encoding.ASCII.GetString(ascii);
        ref var slot = ref _names[Slot(ascii)];
        if (slot is not null && Ascii.Equals(ascii, slot)) return slot;
        return slot = Encoding.ASCII.GetString(ascii);
    }

    public ModelRef Model(ReadOnlySpan<byte> name, ReadOnlySpan<byte> version, ReadOnlySpan<byte> digest)
    {
        ref var slot = ref _models[Slot(digest)];
        if (slot is not null && Ascii.Equals(digest, slot.Digest) && Ascii.Equals(version, slot.Version) && Ascii.Equals(name, slot.Name)) return slot;
        return slot = new ModelRef(Get(name), Get(version), Get(digest));
    }

    private static int Slot(ReadOnlySpan<byte> text)
    {
        // FNV-1a over the ends; whoever makes them collide on purpose gains a string made anew.
        var hash = 2166136261u ^ (uint)text.Length;
        foreach (var value in text[..Math.Min(8, text.Length)]) hash = (hash ^ value) * 16777619;
        foreach (var value in text[Math.Max(0, text.Length - 8)..]) hash = (hash ^ value) * 16777619;
        return (int)((hash ^ (hash >> 15)) % Slots);
    }
}
