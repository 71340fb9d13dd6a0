using System.Buffers.Binary;

namespace CvOps.Vision.Packaging;

/// <summary>The fields of one protobuf message, one after the other (protobuf.dev, encoding).</summary>
internal ref struct ProtoFields(ReadOnlySpan<byte> message)
{
    private const int LongestVarint = 10;

    private ReadOnlySpan<byte> _rest = message;

    public int Number { get; private set; }

    /// <summary>Of a varint or a fixed number; 0 otherwise.</summary>
    public long Value { get; private set; }

    /// <summary>Of a string, bytes or a message; empty otherwise.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <returns>False at the end.</returns>
    /// <exception cref="ModelException">The bytes are no protobuf.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty) return false;
        var key = Varint();
        (Number, Value) = ((int)(key >> 3), 0);
        Bytes = default;
        if (Number == 0) throw NoProtobuf();
        switch (key & 7)
        {
            case 0: Value = (long)Varint(); break;
            case 1: Value = BinaryPrimitives.ReadInt64LittleEndian(Take(8)); break;
            case 2: Bytes = Take(Varint()); break;
            case 5: Value = BinaryPrimitives.ReadInt32LittleEndian(Take(4)); break;
            default: throw NoProtobuf();
        }

        return true;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var i = 0; i < LongestVarint; i++)
        {
            var next = Take(1)[0];
            value |= (ulong)(next & 127) << (7 * i);
            if (next < 128) return value;
        }

        throw NoProtobuf();
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_rest.Length) throw NoProtobuf();
        var taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }

    private static ModelException NoProtobuf() => new("Not an ONNX model: the bytes are no ONNX protobuf.");
}
