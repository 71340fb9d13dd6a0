using System.Globalization;
using System.Text;

namespace CvOps.Agent.Capture;

/// <summary>Metadata of a NUT stream.</summary>
internal static class NutInfo
{
    private const long Text = -1;
    private const long Other = -2;
    private const long Integer = -3;
    private const long Time = -4;

    /// <returns>When the recording was made; null when this packet does not say.</returns>
    public static DateTimeOffset? CreationTime(NutPacket packet)
    {
        packet.Varint();
        packet.Signed();
        packet.Varint();
        packet.Varint();
        for (var count = packet.Varint(); count > 0; count--)
        {
            var name = packet.Bytes();
            ReadOnlySpan<byte> text = default;
            switch (packet.Signed())
            {
                case Text: text = packet.Bytes(); break;
                case Other: packet.Bytes(); packet.Bytes(); break;
                case Integer: packet.Signed(); break;
                case Time: packet.Varint(); break;
                case < Time: packet.Signed(); break;
            }
            if (name.SequenceEqual("creation_time"u8)
                && DateTimeOffset.TryParse(Encoding.UTF8.GetString(text), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                && time.Year > 1971) return time.ToUniversalTime();
        }
        return null;
    }
}
