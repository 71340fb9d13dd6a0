using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Shared.Tests.Contracts;

/// <summary>Devices read what comes from the broker with these records and catch one kind of exception.</summary>
public sealed class WireFuzzTests
{
    /// <summary>So much however short a document is, and so much for each byte of it.</summary>
    private const long BytesADocument = 128 * 1024, BytesAByte = 24;

    private static readonly (JsonTypeInfo Type, byte[] Document)[] Sound =
    [
        .. new (JsonTypeInfo, string)[]
        {
            (ContractsJson.Default.TwinDesired, "TwinDesired"), (ContractsJson.Default.TwinDesired, "TwinDesiredWithChunks"), (ContractsJson.Default.Command, "Command"),
            (ContractsJson.Default.CertificateAnswer, "CertificateAnswer"),
        }.Select(it => (it.Item1, File.ReadAllBytes(TestData.InRepository("tests", "data", "golden", it.Item2 + ".json")))),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Damaged_documents_for_devices_are_read_or_refused_as_no_JSON_of_their_kind(int seed) => Read(seed, 60_000);

    [Fact, Trait("tier", "slow")]
    public void Three_million_damaged_documents_for_devices_are_read_or_refused_as_no_JSON_of_their_kind() => Read(3, 3_000_000);

    private static void Read(int seed, int count)
    {
        var random = new Random(seed);
        var read = 0;
        for (var i = 0; i < count; i++)
        {
            var (type, sound) = Sound[random.Next(Sound.Length)];
            var document = JsonMutation.Of(sound, random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                JsonSerializer.Deserialize(document, type);
                read++;
            }
            catch (JsonException)
            {
                // Said in the log and left.
            }
            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(bytes <= BytesADocument + BytesAByte * document.Length, $"{bytes} bytes for {Encoding.Latin1.GetString(document)}");
        }
        Assert.InRange(read, count / 100, count - count / 100);
    }
}
