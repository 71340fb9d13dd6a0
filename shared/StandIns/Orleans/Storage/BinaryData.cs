namespace System;

/// <summary>Bytes that do not change, as in the package System.Memory.Data, which the published Orleans brings along.</summary>
public class BinaryData
{
    private readonly ReadOnlyMemory<byte> _bytes;

    public BinaryData(byte[] data) => _bytes = data;

    public BinaryData(ReadOnlyMemory<byte> data) => _bytes = data;

    public static BinaryData FromBytes(byte[] data) => new(data);

    public static BinaryData FromBytes(ReadOnlyMemory<byte> data) => new(data);

    public ReadOnlyMemory<byte> ToMemory() => _bytes;

    public byte[] ToArray() => _bytes.ToArray();
}
