using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Devices;

/// <summary>Every command and what became of it, a row each, written before it is sent. The first answer counts.</summary>
internal sealed class CommandLog(Database database, TimeProvider time)
{
    /// <summary>Commands to a device that a list shows.</summary>
    private const int MostShown = 200;

    /// <summary>An answer may be on its way when a command is over.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(10);

    public Task AddAsync(Command command, DeviceId device, CancellationToken cancel) => database.WriteAsync(connection => connection.Execute(
        "INSERT INTO device_command (id, device, issued_at, expires_at, body) VALUES (@Id, @device, @issued, @expires, @body)",
        new { command.Id, device = device.Value, issued = SqlTime.Of(command.IssuedAt), expires = SqlTime.Of(command.ExpiresAt), body = JsonSerializer.Serialize(command, ContractsJson.Default.Command) }), cancel);

    /// <summary>The broker has it.</summary>
    public Task SentAsync(string id, CancellationToken cancel) => database.WriteAsync(connection => connection.Execute(
        "UPDATE device_command SET sent_at = @now WHERE id = @id AND sent_at IS NULL", new { id, now = SqlTime.Of(time.GetUtcNow()) }), cancel);

    /// <summary>What the broker does not have and devices may still do, the oldest first.</summary>
    public Task<(DeviceId Device, Command Command)[]> UnsentAsync(CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<(string Device, string Body)>("SELECT device, body FROM device_command WHERE sent_at IS NULL AND answered_at IS NULL AND expires_at > @now ORDER BY issued_at LIMIT 1000", new { now = SqlTime.Of(time.GetUtcNow()) })
            .Select(row => (new DeviceId(row.Device), JsonSerializer.Deserialize(row.Body, ContractsJson.Default.Command)!)).ToArray(), cancel);

    /// <returns>Null where the fleet never gave that device such a command; false where it has been answered before.</returns>
    public Task<bool?> AnsweredAsync(CommandResponse response, CancellationToken cancel) => database.WriteAsync<bool?>(connection =>
    {
        var changed = connection.Execute("UPDATE device_command SET answered_at = @now, succeeded = @succeeded, message = @Message WHERE id = @Id AND device = @device AND answered_at IS NULL",
            new { now = SqlTime.Of(time.GetUtcNow()), succeeded = response.Succeeded ? 1 : 0, response.Message, response.Id, device = response.Device.Value });
        return changed == 1 ? true : connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM device_command WHERE id = @Id AND device = @device)", new { response.Id, device = response.Device.Value }) ? false : null;
    }, cancel);

    /// <summary>The newest first.</summary>
    public Task<CommandView[]> OfAsync(DeviceId device, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<Row>($"{Columns} WHERE device = @device ORDER BY issued_at DESC, id DESC LIMIT {MostShown}", new { device = device.Value }).Select(row => row.View(time.GetUtcNow())).ToArray(), cancel);

    public Task<CommandView?> FindAsync(string id, CancellationToken cancel) => database.ReadAsync(connection =>
        connection.Query<Row>($"{Columns} WHERE id = @id", new { id }).Select(row => row.View(time.GetUtcNow())).SingleOrDefault(), cancel);

    private const string Columns = "SELECT device, expires_at AS ExpiresAt, body, sent_at AS SentAt, answered_at AS AnsweredAt, succeeded, message FROM device_command";

    private sealed class Row
    {
        public string Device { get; init; } = "";
        public long ExpiresAt { get; init; }
        public string Body { get; init; } = "";
        public long? SentAt { get; init; }
        public long? AnsweredAt { get; init; }
        public long? Succeeded { get; init; }
        public string? Message { get; init; }

        public CommandView View(DateTimeOffset now)
        {
            var command = JsonSerializer.Deserialize(Body, ContractsJson.Default.Command)!;
            var state = AnsweredAt is not null ? Succeeded == 1 ? CommandState.Done : CommandState.Refused
                : command.ExpiresAt + Late < now ? CommandState.Expired
                : SentAt is null ? CommandState.Waiting : CommandState.Sent;
            return new CommandView(command.Id, new DeviceId(Device), command.Name, command.Arguments, command.IssuedBy, command.IssuedAt, command.ExpiresAt, state,
                AnsweredAt is { } at ? SqlTime.From(at) : null, Message);
        }
    }
}
