using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Shared.Tests.Contracts;

public sealed class ContractsJsonTests
{
    public static TheoryData<Type> WireTypes => [.. typeof(ContractsJson).Assembly.GetExportedTypes().Where(type =>
        type is { IsInterface: false, IsAbstract: false } && type.Namespace is "CvOps.Contracts.Telemetry" or "CvOps.Contracts.Twin")];

    [Theory, MemberData(nameof(WireTypes))]
    public void Every_type_of_the_wire_is_known(Type type) => Assert.NotNull(ContractsJson.Default.GetTypeInfo(type));

    [Fact]
    public void Every_message_has_a_golden_file()
    {
        var messages = typeof(ContractsJson).Assembly.GetExportedTypes().Where(type => type.IsAssignableTo(typeof(ITelemetry)) && !type.IsInterface).Select(type => type.Name);
        Assert.Empty(messages.Except(WireSamples.All.Keys));
    }

    [Theory]
    [InlineData("""{"device":"press-1","connectivity":"Online","connectivity":"Offline","boot":1,"agentVersion":"1"}""")]
    [InlineData("""{"device":"press/1","connectivity":"Online","boot":1,"agentVersion":"1"}""")]
    [InlineData("""{"device":null,"connectivity":"Online","boot":1,"agentVersion":"1"}""")]
    [InlineData("""{"device":"press-1","connectivity":"Asleep","boot":1,"agentVersion":"1"}""")]
    [InlineData("""{"device":"press-1","connectivity":"Online","boot":1,"agentVersion":null}""")]
    [InlineData("""{"device":"press-1","connectivity":"Online","boot":1""")]
    public void What_is_not_a_document_is_refused(string text) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(text, ContractsJson.Default.DeviceStatus));

    // Stored in journals and databases by name: a name that changes orphans them.
    [Fact]
    public void Update_states_keep_their_names() => Assert.Equal(
        ["Idle", "Downloading", "Verifying", "Preparing", "SelfTesting", "Swapping", "Soaking", "Committed", "RollingBack", "RolledBack", "Failed", "Shadowing"], Enum.GetNames<UpdateState>());
}
