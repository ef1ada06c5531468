/*
 * Pumping: from pipes and terminals into frames while there is credit, from frames into pipes and
 * terminals while they take it. A descriptor without credit or without data is taken out of the
 * epoll set, because a hang-up would be reported for ever.
 */
#include "streams.h"

#include <errno.h>
#include <sys/epoll.h>

static struct proc *proc_of_input(struct source *source)
{
	return (struct proc *)(void *)((char *)source - offsetof(struct proc, input.source));
}

static struct output *output_of(struct source *source)
{
	return (struct output *)(void *)((char *)source - offsetof(struct output, source));
}

static void output_end(struct agent *agent, struct output *output)
{
	output->is_open = false;
	output->owed = 0;
	source_close(agent, &output->source);
	stream_sender_end(&output->stream, &agent->lanes);
}

static void output_ready(struct agent *agent, struct source *source, uint32_t events)
{
	struct output *output = output_of(source);
	size_t room = stream_sender_room(&output->stream, &agent->lanes);
	static uint8_t bytes[STREAM_CHUNK];
	ssize_t size;

	(void)events;
	if (room == 0)
		return;
	size = read(source->fd, bytes, room);
	if (size > 0) {
		stream_sender_data(&output->stream, &agent->lanes, bytes, (size_t)size);
		output->owed -= output->owed < (size_t)size ? output->owed : (size_t)size;
	} else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* EIO: the last holder of a terminal has gone. */
		output_end(agent, output);
	}
}

static void input_close(struct agent *agent, struct input *input)
{
	input->is_open = false;
	source_close(agent, &input->source);
	stream_receiver_close(&input->stream, &agent->lanes);
	stream_receiver_done(&input->stream);
}

static void input_write(struct agent *agent, struct input *input)
{
	const void *bytes;
	size_t size;

	while (stream_receiver_peek(&input->stream, &bytes, &size)) {
		ssize_t written = write(input->source.fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN)
			return;
		if (written < 0) {
			/* Nobody reads it any more. */
			input_close(agent, input);
			return;
		}
		stream_receiver_wrote(&input->stream, (size_t)written, &agent->lanes);
	}
}

static void input_ready(struct agent *agent, struct source *source, uint32_t events)
{
	(void)events;
	input_write(agent, &proc_of_input(source)->input);
}

void streams_init(struct proc *proc)
{
	proc->input.source = (struct source){.ready = input_ready, .fd = FD_NONE};
	for (uint32_t i = 0; i < 2; i++) {
		proc->outputs[i].source = (struct source){.ready = output_ready, .fd = FD_NONE};
		stream_sender_init(&proc->outputs[i].stream,
				   stream_id(proc->number, STREAM_OUTPUT + i));
	}
}

void streams_open(struct agent *agent, struct proc *proc)
{
	if (proc->input.source.fd >= 0) {
		proc->input.is_open = true;
		stream_receiver_init(&proc->input.stream, stream_id(proc->number, STREAM_INPUT),
				     &agent->lanes);
	}
	for (int i = 0; i < 2; i++)
		proc->outputs[i].is_open = proc->outputs[i].source.fd >= 0;
}

void streams_end(struct agent *agent, struct proc *proc)
{
	for (int i = 0; i < 2; i++) {
		if (proc->outputs[i].is_open)
			output_end(agent, &proc->outputs[i]);
	}
}

void streams_close(struct agent *agent, struct proc *proc)
{
	source_close(agent, &proc->input.source);
	stream_receiver_done(&proc->input.stream);
	for (int i = 0; i < 2; i++)
		source_close(agent, &proc->outputs[i].source);
}

static void input_settle(struct agent *agent, const struct proc *proc, struct input *input)
{
	const void *bytes;
	size_t size;

	if (!input->is_open)
		return;
	if (stream_receiver_is_drained(&input->stream) && !proc->is_terminal) {
		input_close(agent, input);
		return;
	}
	source_want(agent, &input->source,
		    stream_receiver_peek(&input->stream, &bytes, &size) ? EPOLLOUT : 0);
}

void streams_settle(struct agent *agent, struct proc *proc)
{
	input_settle(agent, proc, &proc->input);
	for (int i = 0; i < 2; i++) {
		struct output *output = &proc->outputs[i];

		if (!output->is_open)
			continue;
		if (output->stream.is_refused) {
			output_end(agent, output);
			continue;
		}
		source_want(agent, &output->source,
			    stream_sender_room(&output->stream, &agent->lanes) > 0 ? EPOLLIN : 0);
	}
}

int streams_frame(struct agent *agent, struct proc *proc, const struct frame *frame, struct err *e)
{
	uint32_t number = frame->id % STREAMS_PER_PROCESS;
	int r;

	if (number > STREAM_ERROR)
		return refuse(e, EBADMSG, "there is no stream %u", frame->id);
	if (number != STREAM_INPUT)
		return stream_sender_frame(&proc->outputs[number - STREAM_OUTPUT].stream, frame, e);
	if (!proc->input.is_open)
		return 0;
	r = stream_receiver_frame(&proc->input.stream, frame, e);
	if (r == 0)
		input_write(agent, &proc->input);
	return r;
}
