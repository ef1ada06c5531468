/* The empty static program against which the commands that only read state are held. */
int main(void)
{
	return 0;
}
