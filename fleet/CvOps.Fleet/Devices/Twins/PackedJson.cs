using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>
/// A JSON document in about a quarter of its bytes: forms of objects and texts that others say too by number, whole and decimal numbers as integers, times as
/// ticks. Knows nothing of the document's form, so a field that a later agent adds needs no change here. The same values come back, each number with
/// the same digits.
/// </summary>
internal sealed class PackedJson(TextPool texts)
{
    // A value begins with one of these; from SmallNumbers on the byte is the number itself.
    private const byte Null = 0, False = 1, True = 2, Object = 3, Array = 4, ArrayEnd = 5, Self = 6, Shared = 7, Inline = 8, Time = 9, Digits = 10, Decimal = 11, SmallNumbers = 32;

    // After an object's byte: the number of its form and one, or this; then names come with the values, the last of them empty, and a value less.
    private const int NoForm = 0;

    /// <summary>A form as bytes: the numbers of its names, one after the other.</summary>
    private const int LongestForm = 256;

    private const int MostDigits = 18;
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz";

    /// <summary>Names, and the forms of objects made of them, are few and stay; texts come and go.</summary>
    private const int MostNames = 8192;

    private const int MostForms = 4096;

    private readonly KeptTexts _names = new(MostNames);
    private readonly KeptTexts _forms = new(MostForms);

    /// <param name="json">One whole document.</param>
    /// <param name="self">What the document calls its device; most say it once.</param>
    /// <exception cref="JsonException">It is none.</exception>
    public void Pack(ReadOnlySpan<byte> json, ReadOnlySpan<byte> self, PackedWriter into)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        PackValue(ref reader, self, into);
    }

    public void Unpack(ReadOnlySpan<byte> packed, ReadOnlySpan<byte> self, Utf8JsonWriter json)
    {
        var reader = new PackedReader(packed);
        UnpackValue(ref reader, reader.Byte(), self, json);
    }

    /// <summary>Gives back the texts that a packed document held; nobody may unpack it any more.</summary>
    public void Release(ReadOnlySpan<byte> packed)
    {
        var reader = new PackedReader(packed);
        ReleaseValue(ref reader, reader.Byte());
    }

    private void PackValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> self, PackedWriter into)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null: into.Byte(Null); break;
            case JsonTokenType.False: into.Byte(False); break;
            case JsonTokenType.True: into.Byte(True); break;
            case JsonTokenType.Number: PackNumber(reader.ValueSpan, into); break;
            case JsonTokenType.String: PackText(ref reader, self, into); break;
            case JsonTokenType.StartArray:
                into.Byte(Array);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) PackValue(ref reader, self, into);
                into.Byte(ArrayEnd);
                break;
            default:
                into.Byte(Object);
                var form = FormOf(reader);
                into.Number((ulong)form);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    if (form == NoForm) into.Bytes(Text(ref reader), more: 1);
                    reader.Read();
                    PackValue(ref reader, self, into);
                }
                if (form == NoForm) into.Number(0);
                break;
        }
    }

    /// <summary>Which names an object has, in their order.</summary>
    /// <param name="reader">At the object's begin; a copy, as its caller reads on from there.</param>
    /// <returns>The number of its form and one; <see cref="NoForm"/> for one of which there are too many.</returns>
    private int FormOf(Utf8JsonReader reader)
    {
        Span<byte> form = stackalloc byte[LongestForm];
        var length = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            if (length + sizeof(ushort) > LongestForm || !_names.TryTake(Text(ref reader), out var name)) return NoForm;
            BinaryPrimitives.WriteUInt16LittleEndian(form[length..], (ushort)name);
            length += sizeof(ushort);
            reader.Read();
            reader.Skip();
        }
        return _forms.TryTake(form[..length], out var number) ? number + 1 : NoForm;
    }

    private void PackText(ref Utf8JsonReader reader, ReadOnlySpan<byte> self, PackedWriter into)
    {
        var text = Text(ref reader);
        if (text.Length > 0 && text.SequenceEqual(self)) into.Byte(Self);
        else if (IsTime(ref reader, text, out var at))
        {
            into.Byte(Time);
            into.Fixed(at.Ticks);
            into.Signed((long)at.Offset.TotalMinutes);
        }
        else if (texts.TryTake(text, out var number))
        {
            into.Byte(Shared);
            into.Number((ulong)number);
        }
        else
        {
            into.Byte(Inline);
            into.Bytes(text);
        }
    }

    private static ReadOnlySpan<byte> Text(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        var plain = new byte[reader.ValueSpan.Length];
        return plain.AsSpan(0, reader.CopyString(plain));
    }

    /// <summary>Only what comes back letter by letter.</summary>
    private static bool IsTime(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> text, out DateTimeOffset at)
    {
        at = default;
        if (text.Length is < 20 or > 40 || text[4] != '-' || text[10] != 'T' || reader.ValueIsEscaped || !reader.TryGetDateTimeOffset(out at)) return false;
        Span<byte> again = stackalloc byte[40];
        return at.TryFormat(again, out var length, TimeFormat, CultureInfo.InvariantCulture) && text.SequenceEqual(again[..length]);
    }

    private static void PackNumber(ReadOnlySpan<byte> digits, PackedWriter into)
    {
        if (!TryDecimal(digits, out var value, out var scale))
        {
            into.Byte(Digits);
            into.Bytes(digits);
        }
        else if (scale == 0 && value is >= 0 and <= byte.MaxValue - SmallNumbers) into.Byte((byte)(SmallNumbers + value));
        else
        {
            into.Byte((byte)(Decimal + scale));
            into.Signed(value);
        }
    }

    private static bool TryDecimal(ReadOnlySpan<byte> digits, out long value, out int scale)
    {
        (value, scale) = (0, 0);
        var (negative, point) = (digits[0] == '-', -1);
        if (digits.Length > MostDigits) return false;
        for (var i = negative ? 1 : 0; i < digits.Length; i++)
        {
            if (digits[i] == '.') point = i;
            else if (char.IsAsciiDigit((char)digits[i])) value = (value * 10) + digits[i] - '0';
            else return false;
        }
        // Minus nought has no integer.
        if (negative && value == 0) return false;
        if (negative) value = -value;
        if (point >= 0) scale = digits.Length - 1 - point;
        return true;
    }

    private void UnpackValue(ref PackedReader reader, byte tag, ReadOnlySpan<byte> self, Utf8JsonWriter json)
    {
        switch (tag)
        {
            case Null: json.WriteNullValue(); break;
            case False: json.WriteBooleanValue(false); break;
            case True: json.WriteBooleanValue(true); break;
            case Self: json.WriteStringValue(self); break;
            case Shared: json.WriteStringValue(texts[(int)reader.Number()]); break;
            case Inline: json.WriteStringValue(reader.Bytes()); break;
            case Time: json.WriteStringValue(new DateTimeOffset(reader.Fixed(), TimeSpan.FromMinutes(reader.Signed())).ToString(TimeFormat, CultureInfo.InvariantCulture)); break;
            case Digits: json.WriteRawValue(reader.Bytes(), skipInputValidation: true); break;
            case >= SmallNumbers: json.WriteNumberValue(tag - SmallNumbers); break;
            case >= Decimal: WriteDecimal(reader.Signed(), tag - Decimal, json); break;
            case Array:
                json.WriteStartArray();
                for (byte next; (next = reader.Byte()) != ArrayEnd;) UnpackValue(ref reader, next, self, json);
                json.WriteEndArray();
                break;
            default:
                json.WriteStartObject();
                if (reader.Number() is not NoForm and var form)
                {
                    for (var names = _forms[(int)form - 1]; names.Length > 0; names = names[sizeof(ushort)..])
                    {
                        json.WritePropertyName(_names[BinaryPrimitives.ReadUInt16LittleEndian(names)]);
                        UnpackValue(ref reader, reader.Byte(), self, json);
                    }
                }
                else
                {
                    for (ulong length; (length = reader.Number()) > 0;)
                    {
                        json.WritePropertyName(reader.Take((int)length - 1));
                        UnpackValue(ref reader, reader.Byte(), self, json);
                    }
                }
                json.WriteEndObject();
                break;
        }
    }

    private static void WriteDecimal(long value, int scale, Utf8JsonWriter json)
    {
        if (scale == 0)
        {
            json.WriteNumberValue(value);
            return;
        }
        var digits = Math.Abs(value).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        json.WriteRawValue($"{(value < 0 ? "-" : "")}{digits[..^scale]}.{digits[^scale..]}", skipInputValidation: true);
    }

    private void ReleaseValue(ref PackedReader reader, byte tag)
    {
        switch (tag)
        {
            case Shared: texts.Release((int)reader.Number()); break;
            case Inline or Digits: reader.Bytes(); break;
            case Time: reader.Fixed(); reader.Signed(); break;
            case Array:
                for (byte next; (next = reader.Byte()) != ArrayEnd;) ReleaseValue(ref reader, next);
                break;
            case Object:
                if (reader.Number() is not NoForm and var form)
                {
                    for (var left = _forms[(int)form - 1].Length / sizeof(ushort); left > 0; left--) ReleaseValue(ref reader, reader.Byte());
                }
                else
                {
                    for (ulong length; (length = reader.Number()) > 0; ReleaseValue(ref reader, reader.Byte())) reader.Take((int)length - 1);
                }
                break;
            case >= Decimal and < SmallNumbers: reader.Signed(); break;
        }
    }
}
