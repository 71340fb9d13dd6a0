using System.Buffers;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Spool;

/// <summary>
/// Puts the origin into a message that is JSON already. A message is numbered where it is written to the disk, so that numbers and order agree;
/// it is made JSON where it arises, when its parts may still be looked at. One thread.
/// </summary>
internal sealed class OriginStamp : IDisposable
{
    /// <summary>Stands where the spool will put the real one.</summary>
    public static Origin None { get; } = new(default, 0, 0);

    private static readonly byte[] Name = [.. "{\"origin\":"u8];
    private static readonly byte[] Placeholder = [.. Name, .. JsonSerializer.SerializeToUtf8Bytes(None, ContractsJson.Default.Origin)];

    private readonly ArrayBufferWriter<byte> _head = new(128);
    private readonly Utf8JsonWriter _writer;

    public OriginStamp() => _writer = new Utf8JsonWriter(_head, new JsonWriterOptions { SkipValidation = true });

    /// <exception cref="InvalidOperationException">The message does not begin with an origin that is <see cref="None"/>.</exception>
    public static void Check(ReadOnlySpan<byte> json)
    {
        if (!json.StartsWith(Placeholder)) throw new InvalidOperationException("A message for the spool begins with its origin, which is OriginStamp.None until the spool numbers it.");
    }

    /// <summary>The message's beginning with its origin; good until the next call.</summary>
    public ReadOnlySpan<byte> Head(DeviceId device, long boot, long sequence, SpoolClass stream)
    {
        _head.ResetWrittenCount();
        _head.Write(Name);
        _writer.Reset();
        _writer.WriteStartObject();
        _writer.WriteString("device"u8, device.Value);
        _writer.WriteNumber("boot"u8, boot);
        _writer.WriteNumber("sequence"u8, sequence);
        _writer.WriteNumber("stream"u8, (int)stream);
        _writer.WriteEndObject();
        _writer.Flush();
        return _head.WrittenSpan;
    }

    /// <summary>What comes behind the origin.</summary>
    public static ReadOnlySpan<byte> Rest(ReadOnlySpan<byte> json) => json[Placeholder.Length..];

    public void Dispose() => _writer.Dispose();
}
